"""Language models, as far as they can be thought through without one: pure.

What is asked: `schema` (from `schema_file`), `examples` and `context` make the messages of a
question in `prompts`, a stranger's words fenced by `fencing`; `asking` has question, reply, price.
Which examples: `example_sets`; new ones come from `example_file` and `accepting`, and are looked at
by `example_checks`.
What of an answer is believed: `answers` reads its form, `keeping` and `evidence` keep what stands
in the document, where `grounding` finds it. Who asks is in `engines`, what was answered is kept in
`stores`.
"""
