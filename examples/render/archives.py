"""Write ZIP files, office documents among them, that are the same at every run."""

import io
import re
import zipfile

EPOCH = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"<dcterms:modified[^>]*>.*?</dcterms:modified>")


def zip_bytes(members: dict[str, bytes]) -> bytes:
    """Pack members in the given order with fixed times. A name that ends in `/` is a folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3
            info.external_attr = (0o40755 if name.endswith("/") else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data, compresslevel=9)
    return buffer.getvalue()


def freeze_office(data: bytes) -> bytes:
    """Repack an office document without the times at which it was saved."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    core = "docProps/core.xml"
    members[core] = _MODIFIED.sub(b"", members[core])
    return zip_bytes(members)
