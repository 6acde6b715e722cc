"""Talks: videos, slides, and the pages of conferences."""

from __future__ import annotations

from roadmap.core.gettext_noop import N_
from roadmap.evidence.link_forms.link_form import LinkForm

TALK = ("talk", "mentoring", "other")
_REST = r"(?:[/?].*)?"
_VIDEO = r"(?P<number>[\w-]{11})"

FORMS = (
    LinkForm(
        N_("YouTube video"), ("youtube.com", "youtube-nocookie.com", "music.youtube.com"),
        rf"/watch\?(?:.*&)?v={_VIDEO}(?:&.*)?", TALK, "YouTube {number}", "youtube/{number}",
        keeps_case=True,
    ),
    LinkForm(
        N_("YouTube video"), ("youtube.com", "youtube-nocookie.com"),
        rf"/(?:shorts|live|embed|v)/{_VIDEO}{_REST}", TALK, "YouTube {number}", "youtube/{number}",
        keeps_case=True,
    ),
    LinkForm(
        N_("YouTube video"), ("youtu.be",), rf"/{_VIDEO}{_REST}", TALK, "YouTube {number}",
        "youtube/{number}", keeps_case=True,
    ),
    LinkForm(
        N_("YouTube playlist"), ("youtube.com",), r"/playlist\?(?:.*&)?list=(?P<number>[\w-]+)"
        r"(?:&.*)?", TALK, "YouTube {number}", "youtube/{number}", keeps_case=True,
    ),
    LinkForm(
        N_("Vimeo video"), ("vimeo.com", "player.vimeo.com"),
        rf"/(?:video/|channels/\w+/|groups/\w+/videos/)?(?P<number>\d+){_REST}", TALK,
        "Vimeo {number}", "vimeo/{number}",
    ),
    LinkForm(
        N_("Speaker Deck slides"), ("speakerdeck.com",),
        rf"/(?!(?:c|p|player)/)(?P<owner>[\w-]+)/(?P<slug>[\w-]+){_REST}", TALK, "{slug}",
        "speakerdeck/{owner}/{slug}",
    ),
    LinkForm(
        N_("SlideShare slides"), ("slideshare.net",),
        rf"/slideshow/(?P<slug>[\w-]+?)(?:-\d+)?/(?P<number>\d+){_REST}", TALK, "{slug}",
        "slideshare/{number}",
    ),
    LinkForm(
        N_("SlideShare slides"), ("slideshare.net",),
        rf"/(?P<owner>[\w-]+)/(?P<slug>[\w-]+?)(?:-(?P<number>\d{{5,}}))?{_REST}", TALK,
    ),
    LinkForm(
        N_("Google Slides"), ("docs.google.com",),
        rf"/presentation/(?:u/\d+/)?d/(?P<number>[\w-]+){_REST}", TALK, "Google Slides",
        "google/{number}", keeps_case=True,
    ),
    LinkForm(
        N_("FOSDEM talk"), ("fosdem.org", "archive.fosdem.org"),
        rf"/(?P<year>\d{{4}})/schedule/event/(?P<slug>[^/?]+){_REST}", TALK,
    ),
    LinkForm(
        N_("InfoQ presentation"), ("infoq.com",), rf"/presentations/(?P<slug>[\w-]+){_REST}", TALK,
    ),
    LinkForm(
        N_("Loom video"), ("loom.com",), rf"/share/(?:(?P<slug>[\w-]+)-)?[0-9a-f]{{32}}{_REST}",
        TALK,
    ),
)  # fmt: skip
