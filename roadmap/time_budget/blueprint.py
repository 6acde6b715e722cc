"""The blueprint of the week."""

from flask import Blueprint

time_budget = Blueprint("time_budget", __name__)
