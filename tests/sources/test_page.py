"""GET /sources"""

from __future__ import annotations

import re


def test_guide_comes_first_and_citing_pages_are_linked(browser_of, cast):
    carol = browser_of(cast.carol)
    page = carol.get("/sources").text
    main = page[page.index("<main") : page.index("</main>")]
    assert main.index("Taylor Rupe") < main.index('href="/market"')
    pages = ("/career/direction", "/credentials", "/tools", "/practice", "/time", "/market")
    for url in (*pages, *set(re.findall(r'href="(/roadmaps/[^"]+/about)"', main))):
        assert f'href="{url}"' in main
        assert carol.get(url).status_code == 200


def test_other_sources_omit_the_guide(browser_of, cast):
    page = browser_of(cast.carol).get("/sources").text
    main = page[page.index("<main") : page.index("</main>")]
    others = main[main.index('id="others"') :]
    assert "Taylor Rupe" in main
    assert "Taylor Rupe" not in others
    assert "Bureau of Labor Statistics" in others
