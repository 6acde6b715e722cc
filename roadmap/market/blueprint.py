"""The blueprint of the market and of offers."""

from flask import Blueprint

market = Blueprint("market", __name__)
