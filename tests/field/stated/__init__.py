"""Every sample of the field and every file beside them, a module for each folder."""

from tests.field.ledger import Reference, Sample
from tests.field.stated import alarm, cap, cot, crowd, dispatch, drone, inspire, social, tracks

FOLDERS = (dispatch, crowd, drone, alarm, inspire, cap, cot, social, tracks)
SAMPLES: tuple[Sample, ...] = tuple(sample for folder in FOLDERS for sample in folder.SAMPLES)
REFERENCES: tuple[Reference, ...] = tuple(one for folder in FOLDERS for one in folder.REFERENCES)
