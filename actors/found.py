"""What a call finds under the keys of what it is to make and of its inputs, decoded.

Nothing here is anybody's fault: what cannot be used is read again from PostgreSQL, or made again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pipeline import codec
from pipeline.documents import DocumentFailure, Payload
from pipeline.errors import PermanentError
from pipeline.stage import PAYLOADS
from pipeline.stores.protocols import Checkpoint, CheckpointKey


@dataclass(frozen=True)
class Found:
    """`made` are outputs that are there already, `inputs` what the others are made of.

    `unreadable` says what was wrong with those that could not be decoded, `differing` names inputs
    that have another digest than the chain says; also of those that were read again since.
    """

    made: Mapping[CheckpointKey, Checkpoint]
    inputs: Mapping[CheckpointKey, Payload]
    unreadable: Mapping[CheckpointKey, DocumentFailure]
    differing: Collection[CheckpointKey]

    def joined(self, more: Found) -> Found:
        """Add what was read again."""
        return Found(
            made={**self.made, **more.made},
            inputs={**self.inputs, **more.inputs},
            unreadable={**self.unreadable, **more.unreadable},
            differing=(*self.differing, *more.differing),
        )


def decoded(
    known: Mapping[CheckpointKey, Checkpoint], digests: Mapping[CheckpointKey, str]
) -> Found:
    """Decode checkpoints: `digests` are the inputs', what else there is are outputs.

    An output is decoded to see that the next stage can; the inputs of one that is there are not.
    """
    made: dict[CheckpointKey, Checkpoint] = {}
    inputs: dict[CheckpointKey, Payload] = {}
    unreadable: dict[CheckpointKey, DocumentFailure] = {}
    differing: list[CheckpointKey] = []
    done: set[str] = set()
    for key in sorted(known, key=digests.__contains__):
        if key.content in done:
            continue
        if known[key].digest != digests.get(key, known[key].digest):
            differing.append(key)
            continue
        try:
            payload: Payload = codec.decode(PAYLOADS[key.stage], known[key].payload)
        except PermanentError as error:
            unreadable[key] = DocumentFailure(
                stage=key.stage, error=error.code, message=error.message
            )
            continue
        if key in digests:
            inputs[key] = payload
        else:
            made[key] = known[key]
            done.add(key.content)
    return Found(made, inputs, unreadable, differing)
