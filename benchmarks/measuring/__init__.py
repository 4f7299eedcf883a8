"""What `overhead.py` measures, one module a question.

Importing this package pins every library to one thread: there are as many busy processes as
cores, and a process that used more would be measured against one that did not. Libraries read
these names when they are imported, so this stands before any of them.
"""

import os

os.environ.update(
    OMP_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
    OPENBLAS_NUM_THREADS="1",
    NUMEXPR_NUM_THREADS="1",
    RAYON_NUM_THREADS="1",
    TOKENIZERS_PARALLELISM="false",
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
)
# A run is measured in a home and with servers of its own, whatever the person's own are.
for _name in ("HOME", "DATABASE_URL", "REDIS_URL", "OBJECT_STORE_URL"):
    os.environ.pop(f"CASEGRAPH_{_name}", None)
