"""A real S3 server in a process of its own (moto's): `python s3_server.py PORT FILE`.

FILE is JSON of bucket → key → the object's bytes in Base64. All is there before the port opens,
so that a server which was killed comes back with what it had.
"""

from __future__ import annotations

import base64
import json
import signal
import sys
from pathlib import Path

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer


def main(port: int, file: Path) -> None:
    store = get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"]
    for bucket, objects in json.loads(file.read_text()).items():
        store.create_bucket(bucket, "us-east-1")
        for key, data in objects.items():
            store.put_object(bucket, key, base64.b64decode(data))
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    signal.pause()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
