"""What happens to a document: never imports Ray or `actors`.

The map: `documents` (nouns), `identity` (ids), `stage` (the seam); one file a stage (`ocr`,
`chunking`, `extraction`, `resolution`, `relationships`); `process` runs the five in this process;
`walking` finds the files, `sources` fetches them, `source_copies` keeps them for other machines;
`engines` adapts the heavy libraries, `stores` keeps things, `assembly` builds it all from
`settings`; `explore` is for notebooks.
"""
