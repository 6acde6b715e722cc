"""Load with every actor whether they are enrolled; the navigation depends on it."""

from __future__ import annotations

import sqlalchemy as sa

from roadmap.auth.sessions import add_actor_column
from roadmap.people.models import User
from roadmap.progress.models import Enrollment

_IS_ENROLLED = sa.exists().where(Enrollment.user_id == User.id).correlate(User)
add_actor_column("is_enrolled", sa.select(_IS_ENROLLED).correlate(User).scalar_subquery())
