"""A real S3 client of somebody else (minio, in `.venv/peers`), in a process that takes one order a line."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PYTHON = Path(sys.prefix) / "peers" / "bin" / "python"

CLIENT = """
import base64, io, json, sys
from datetime import timedelta
from urllib.parse import urlsplit
import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

storage = json.loads(sys.argv[1])
where = urlsplit(storage["url"])
http = urllib3.PoolManager(retries=urllib3.Retry(total=0), timeout=60)
client = Minio(where.netloc, storage["username"], storage["password"], secure=False, http_client=http)

def put(name, body, length=None, bucket=storage["bucket"], **more):
    data = base64.b64decode(body)
    return client.put_object(bucket, name, io.BytesIO(data), len(data) if length is None else length, **more).etag

def get(name):
    answer = client.get_object(storage["bucket"], name)
    return {"type": answer.headers["Content-Type"], "body": base64.b64encode(answer.data).decode()}

def stat(name):
    found = client.stat_object(storage["bucket"], name)
    return {"size": found.size, "etag": found.etag, "type": found.content_type}

def remove(name):
    client.remove_object(storage["bucket"], name)

def there(bucket=storage["bucket"]):
    return client.bucket_exists(bucket)

def address(name, method="PUT", seconds=600):
    return client.get_presigned_url(method, storage["bucket"], name, expires=timedelta(seconds=seconds))

for line in sys.stdin:
    order = json.loads(line)
    try:
        answer = {"done": globals()[order.pop("do")](**order)}
    except S3Error as error:
        answer = {"error": error.code}
    except MinioException as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
"""


class S3Client:
    """Calls come back with what was done; `error(...)` gives S3's code of a refusal."""

    def __init__(self, storage: dict[str, str], **other: str) -> None:
        command = [str(PYTHON), "-c", CLIENT, json.dumps({**storage, **other})]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def __call__(self, do: str, **order: Any) -> Any:
        answer = self._ask({"do": do, **order})
        assert "done" in answer, answer
        return answer["done"]

    def error(self, do: str, **order: Any) -> str:
        """The code of the refusal."""
        return str(self._ask({"do": do, **order})["error"])

    def put(self, name: str, body: bytes, **more: Any) -> Any:
        """Upload."""
        return self("put", name=name, body=base64.b64encode(body).decode(), **more)

    def refused(self, name: str, body: bytes, **more: Any) -> str:
        """The code with which an upload is refused."""
        return self.error("put", name=name, body=base64.b64encode(body).decode(), **more)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
