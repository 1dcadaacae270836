"""A private certificate authority and a server certificate for localhost, made anew for every run."""
import os
import subprocess

from .process import UpError

NAMES = "subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1"


def material(directory: str) -> tuple[str, str, str]:
    """Paths of the CA certificate, the server's certificate and its key."""
    folder = os.path.join(directory, "tls")
    ca, ca_key, certificate, key, request, extensions = (
        os.path.join(folder, name) for name in ("ca.crt", "ca.key", "server.crt", "server.key", "server.csr", "san"))
    if os.path.exists(certificate):
        return ca, certificate, key
    os.makedirs(folder, mode=0o700, exist_ok=True)
    with open(extensions, "w") as file:
        file.write(NAMES + "\nextendedKeyUsage=serverAuth\n")
    _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-keyout", ca_key, "-out", ca,
             "-subj", "/CN=Varve test authority")
    _openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=localhost")
    _openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "30",
             "-extfile", extensions, "-out", certificate)
    return ca, certificate, key


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise UpError(f"openssl {arguments[0]}: {done.stderr.strip()}")
