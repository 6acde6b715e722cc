"""The combined script: htmx unchanged, then Cairn's scripts without comments."""

from __future__ import annotations

import re

from flask import Flask

from roadmap.core.static_files import HTMX, SCRIPTS


def test_page_loads_one_combined_script(app: Flask) -> None:
    client = app.test_client()
    addresses = re.findall(r'<script src="([^"]+)"', client.get("/login").text)
    assert [address.partition("?")[0] for address in addresses] == ["/static/scripts.js"]
    answer = client.get(addresses[0])
    assert answer.mimetype == "text/javascript"
    assert answer.text.startswith(client.get(f"/static/{HTMX}").text)
    ours = answer.text.removeprefix(client.get(f"/static/{HTMX}").text)
    assert ours.count('"use strict"') == len(SCRIPTS)
    assert "\n/*" not in ours
    assert "\n//" not in ours
    again = client.get(addresses[0], headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
