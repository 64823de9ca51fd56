"""The sound of a new mission: two falling tones, made here, repeated by the alarm until somebody confirms.

A tablet without a loudspeaker stays silent: the alarm blinks all the same.
"""

import array
import math
import wave
from pathlib import Path
from typing import Any

RATE_HZ = 22_050
TONES = ((784.0, 0.35), (587.3, 0.6))
"""Frequency in Hz and length in seconds: G5 and D5, a fourth down, as the gongs of many stations."""
LOUDNESS = 0.6
ATTACK_S = 0.01


def write(path: Path) -> None:
    """The gong as a WAV file, 16 bits, one channel."""
    samples = array.array("h")
    for frequency, seconds in TONES:
        count = int(RATE_HZ * seconds)
        for number in range(count):
            at = number / RATE_HZ
            fade = min(1.0, at / ATTACK_S) * math.exp(-3.0 * at / seconds)
            tone = math.sin(2 * math.pi * frequency * at) + 0.4 * math.sin(4 * math.pi * frequency * at)
            samples.append(int(32767 * LOUDNESS * fade * tone / 1.4))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())


class Gong:
    """Plays the gong; `strokes` counts how often."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "gong.wav"
        self._sound: Any = None
        self._tried = False
        self.strokes = 0

    def strike(self) -> None:
        """Play it once, if this device can."""
        if not self._tried:
            self._tried = True
            from kivy.core.audio import SoundLoader  # opens the loudspeaker when it is imported

            write(self._path)
            self._sound = SoundLoader.load(str(self._path))
        if self._sound is not None and self._sound.length > 0:
            self._sound.play()
            self.strokes += 1
