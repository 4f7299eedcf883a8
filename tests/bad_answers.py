"""The bad answers that a model, an endpoint or a network gives, for the scripted server."""

from __future__ import annotations

from scripted_llm import (
    Behaviour,
    answering,
    breaking_off,
    dripping,
    failing,
    hanging,
    packed,
    refusing,
    resetting,
    saying,
    sending,
)

MANY = 10 << 20

TEXTS: dict[str, Behaviour] = {
    "invalid JSON": saying('{"entities": [{"text": "Ann", "type": PERSON}]'),
    "truncated JSON": saying('{"entities": [{"text": "An', "length"),
    "schema violation": answering({"people": ["Ann Lee"], "entities": "none"}),
    "empty": saying(""),
    "endless repetition": answering({"entities": [{"text": "Ann", "type": "PERSON"}] * 200}),
    "wrong language": saying("Im Text kommen zwei Personen vor: Anna und Bernd."),
    "refusal": refusing(),
    "refusal in words": saying("I'm sorry, but I can't help with that."),
}
"""These arrive whole: whoever reads the text sees what is wrong with it."""

ANSWERS: dict[str, Behaviour] = {
    "10 MB of text": saying("word " * (MANY // 5)),
    "packed": packed(4 * MANY),
    "no JSON": sending(b"<html>Bad gateway</html>", headers={"Content-Type": "text/html"}),
    "other JSON": sending(b'{"error": {"message": "upstream"}}'),
    "nothing": sending(b""),
    "400": failing(400, "Unsupported parameter: 'max_tokens'"),
    "401": failing(401, "Incorrect API key provided: {masked}.", "invalid_api_key"),
    "403": failing(403, "Key {key} may not use this model"),
    "404": failing(404, "The model does not exist", "model_not_found"),
    "429": failing(429, "Slow down"),
    "429, told when": failing(429, "Slow down", headers={"Retry-After": "7"}),
    "429, much later": failing(429, "Slow down", headers={"Retry-After": "86400"}),
    "no quota": failing(429, "You exceeded your current quota", "insufficient_quota"),
    "500": failing(500, "Sorry"),
    "503": failing(503, "Overloaded"),
    "moved": failing(307, "", headers={"Location": "http://127.0.0.1:9/v1"}),
    "hang": hanging,
    "drip": dripping,
    "reset": resetting,
    "broken off": breaking_off,
}
"""These never become a text."""
