"""/me/roadmaps/{slug}/forecast and /me/absences."""

from __future__ import annotations

PATH = "/me/roadmaps/senior-ml-engineer"


def test_forecast_states_its_basis(alice):
    assert alice.get(f"{PATH}/forecast").status_code == 404
    alice.put(PATH, {"hours_per_week": 5, "target_on": "2040-01-01"})
    found = alice.get(f"{PATH}/forecast").get_json()
    assert found["required_hours_left"] == 1186
    assert found["own"] is None
    assert found["done"]["missing"] == [
        "3 more required milestones, done after the day you began",
        "28 more days without time off",
    ]
    assert found["planned"]["hours_per_week"] == 5
    planned = found["planned"]
    assert planned["earliest_on"] < planned["likely_on"] < planned["latest_on"]
    assert 0 < found["needed_hours_per_week"] < 5
    assert found["planned"]["weeks_late"] == 0
    assert any("1,186 required hours left." in each for each in found["reasons"])


def test_absence_delays_forecast(alice):
    alice.put(PATH, {"hours_per_week": 5})
    before = alice.get(f"{PATH}/forecast").get_json()["planned"]["latest_on"]
    today = alice.get(f"{PATH}/forecast").get_json()["done"]["since"]
    year = int(today[:4]) + 1
    summer = {"starts_on": f"{year}-07-01", "ends_on": f"{year}-07-28"}
    made = alice.post("/me/absences", {**summer, "note": "Away"})
    assert made.status_code == 201
    after = alice.get(f"{PATH}/forecast").get_json()["planned"]["latest_on"]
    assert after > before
    key = made.get_json()["id"]
    assert alice.get("/me/absences").get_json()["items"] == [{"id": key, **summer, "note": "Away"}]
    # Omitted fields stay, null clears them.
    changed = alice.patch(f"/me/absences/{key}", {"note": None}).get_json()
    assert changed == {"id": key, **summer, "note": ""}
    day = alice.patch(f"/me/absences/{key}", {"ends_on": None}).get_json()
    assert day["ends_on"] == day["starts_on"] == summer["starts_on"]
    refused = alice.patch(f"/me/absences/{key}", {"ends_on": f"{year}-06-01"})
    assert refused.status_code == 422
    assert refused.get_json()["errors"] == {"ends_on": ["The last day is before the first."]}
    assert alice.delete(f"/me/absences/{key}").status_code == 204
    assert alice.delete(f"/me/absences/{key}").status_code == 404
    assert alice.get(f"{PATH}/forecast").get_json()["planned"]["latest_on"] == before
