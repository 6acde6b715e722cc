"""Talks: videos, slides and conference pages."""

from __future__ import annotations

from functools import partial

from roadmap.core.gettext_noop import N_
from roadmap.evidence.link_forms.link_form import LinkForm

talk = partial(LinkForm, kinds=("talk", "mentoring", "other"))
_VIDEO = r"(?P<number>[\w-]{11})"

FORMS = (
    talk(N_("YouTube video"), "youtube.com youtube-nocookie.com music.youtube.com",
        rf"/watch\?(?:.*&)?v={_VIDEO}(?:&.*)?$", "", "youtube/{number}",
        keeps_case=True),
    talk(N_("YouTube video"), "youtube.com youtube-nocookie.com",
        rf"/(?:shorts|live|embed|v)/{_VIDEO}", "", "youtube/{number}",
        keeps_case=True),
    talk(N_("YouTube video"), "youtu.be", rf"/{_VIDEO}", "", "youtube/{number}",
        keeps_case=True),
    talk(N_("YouTube playlist"), "youtube.com",
        r"/playlist\?(?:.*&)?list=(?P<number>[\w-]+)(?:&.*)?$", "",
        "youtube/{number}", keeps_case=True),
    talk(N_("Vimeo video"), "vimeo.com player.vimeo.com",
        r"/(?:video/|channels/\w+/|groups/\w+/videos/)?(?P<number>\d+)", "",
        "vimeo/{number}"),
    talk(N_("Speaker Deck slides"), "speakerdeck.com",
        r"/(?!(?:c|p|player)/)(?P<owner>[\w-]+)/(?P<slug>[\w-]+)", "{slug}",
        "speakerdeck/{owner}/{slug}"),
    talk(N_("SlideShare slides"), "slideshare.net",
        r"/slideshow/(?P<slug>[\w-]+?)(?:-\d+)?/(?P<number>\d+)", "{slug}", "slideshare/{number}"),
    talk(N_("SlideShare slides"), "slideshare.net",
        r"/(?P<owner>[\w-]+)/(?P<slug>[\w-]+?)(?:-(?P<number>\d{5,}))?"),
    talk(N_("Google Slides"), "docs.google.com", r"/presentation/(?:u/\d+/)?d/(?P<number>[\w-]+)",
        "", "google/{number}", keeps_case=True),
    talk(N_("FOSDEM talk"), "fosdem.org archive.fosdem.org",
        r"/(?P<year>\d{4})/schedule/event/(?P<slug>[^/?]+)"),
    talk(N_("InfoQ presentation"), "infoq.com", r"/presentations/(?P<slug>[\w-]+)"),
    talk(N_("Loom video"), "loom.com", r"/share/(?:(?P<slug>[\w-]+)-)?[0-9a-f]{32}"),
)  # fmt: skip
