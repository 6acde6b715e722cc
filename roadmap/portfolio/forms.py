"""Forms for portfolios, redactions, profiles and public links."""

from __future__ import annotations

from typing import Any

from flask_babel import LazyString
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError
from wtforms.widgets import HiddenInput

from roadmap.core.fields import PartialDateField, WholeNumberField, at_most
from roadmap.core.i18n import _, _l
from roadmap.core.stale_forms import FingerprintForm
from roadmap.core.text import clean_line, clean_multiline
from roadmap.evidence.forms import CheckboxListField
from roadmap.portfolio.profiles import NETWORKS, InvalidProfile, read_profile

MAX_TITLE, MAX_DESCRIPTION = 200, 20_000
LIFETIME_DAYS = {"30": 30, "90": 90, "365": 365, "never": None}


def _name_field(label: LazyString) -> StringField:
    return StringField(
        label,
        filters=[clean_line],
        validators=[DataRequired(_l("Give the portfolio a name.")), at_most(100)],
        description=_l("Only you see it: “For the promotion committee”."),
    )


class TextsForm(FlaskForm):
    """The texts and settings of a portfolio; `revision` detects stale edits."""

    name = _name_field(_l("Name of this portfolio"))
    headline = StringField(
        _l("Headline"),
        filters=[clean_line],
        validators=[Length(max=200, message=_l("At most %(max)d characters: one line."))],
        description=_l("One line below your name, such as “ML engineer, ranking and search”."),
    )
    introduction = TextAreaField(
        _l("Introduction"),
        filters=[clean_multiline],
        validators=[
            Length(
                max=10_000, message=_l("At most %(max)d characters: the pieces below say the rest.")
            )
        ],
        description=_l("What you do and what you are proud of, in Markdown."),
    )
    shows_email = BooleanField(_l("Show my e-mail address"))
    shows_self_assessed = BooleanField(
        _l("Show self-assessed skills"),
        description=_l("Levels that a manager has assessed are shown without it."),
    )
    shows_below_bar = BooleanField(
        _l("Show levels below what the role asks for"),
        description=_l(
            "Otherwise a portfolio leaves them out, whether you or a manager assessed them."
        ),
    )
    left_out_skills = CheckboxListField(_l("Never show"))
    shown_profiles = CheckboxListField(_l("Profiles to show"))
    revision = WholeNumberField(widget=HiddenInput(), validators=[InputRequired()])


class NewPortfolioForm(FlaskForm):
    name = _name_field(_l("Name"))
    # The route fills in the person's portfolios.
    copy_of = SelectField(
        _l("Start from"),
        description=_l(
            "A copy has the same texts, sections, pieces and redactions; no public links."
        ),
    )


class RedactionForm(FingerprintForm):
    """The replacement text for a confidential item."""

    title = StringField(
        _l("Title that readers see"),
        filters=[clean_line],
        validators=[
            DataRequired(_l("Say in a few words what readers may know about it.")),
            at_most(MAX_TITLE),
        ],
    )
    description = TextAreaField(
        _l("Description that readers see"),
        filters=[clean_multiline],
        validators=[at_most(MAX_DESCRIPTION)],
        description=_l("In Markdown. Leave out what is confidential; no one checks it for you."),
    )
    shows_impacts = BooleanField(
        _l("Show its impacts"),
        description=_l("Metrics, values and units as you entered them; never their sources."),
    )


class ProfileField(StringField):
    """A profile as entered. After validation, `url` is its full URL, or "" if left empty."""

    url = ""

    def __init__(self, label: str, network: str, **kwargs: Any) -> None:
        self.network = NETWORKS[network]
        attributes = {"placeholder": self.network.example, "autocomplete": "off"}
        super().__init__(label, filters=[clean_line], render_kw=attributes, **kwargs)

    def pre_validate(self, form: BaseForm) -> None:
        try:
            self.url = read_profile(self.network, self.data or "")
        except InvalidProfile as invalid:
            raise ValidationError(_(str(invalid))) from None


class ProfilesForm(FlaskForm):
    """The profiles of a person; field names are the keys of `NETWORKS`."""

    github = ProfileField("GitHub", "github")
    linkedin = ProfileField("LinkedIn", "linkedin")
    orcid = ProfileField("ORCID", "orcid")
    website = ProfileField(_l("Website"), "website")


class LinkForm(FlaskForm):
    portfolio = SelectField(_l("Portfolio"))
    label = StringField(
        _l("For whom"),
        filters=[clean_line],
        validators=[at_most(100)],
        description=_l("Only you see this: “Panel in March”, “Recruiter at Example”."),
    )
    lives = SelectField(
        _l("Ends after"),
        choices=[
            SelectChoice("30", _l("30 days")),
            SelectChoice("90", _l("90 days")),
            SelectChoice("365", _l("1 year")),
            SelectChoice("never", _l("never, until I revoke it")),
        ],
        default="90",
        validators=[InputRequired()],
    )
    ends_on = PartialDateField(
        _l("Or its last day"),
        description=_l("Such as 15 Mar 2027. It overrides “Ends after”."),
    )
