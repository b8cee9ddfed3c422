"""TLS: certificates are verified, name and all, unless the source says that its are broken; captures say which it was.

The trusted roots are the operating system's (or ``SSL_CERT_FILE``).
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from OpenSSL import SSL
from OpenSSL.crypto import X509
from service_identity import VerificationError
from service_identity.exceptions import CertificateError
from service_identity.hazmat import DNS_ID, IPAddress_ID, ServiceID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import CertificateOptions, TLSVersion, optionsForClientTLS, platformTrust
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]

from pipelines.addresses import host_of

VERIFIED, UNVERIFIED = "verified", "unverified"
# TLS 1.0 and 1.1 need what OpenSSL calls security level 0; Twisted's own ciphers would drop that word.
_ANY_CIPHERS = b"DEFAULT:@SECLEVEL=0"
# Servers of that age know no safe renegotiation: OpenSSL's SSL_OP_LEGACY_SERVER_CONNECT.
_LEGACY_SERVER = 0x4
#: What OpenSSL's numbers mean (openssl-verification-options), of those that are met.
_MEANING = {
    9: "not valid yet",
    10: "expired",
    18: "self-signed",
    19: "self-signed certificate in the chain",
    20: "issuer not known",
    21: "issuer not known",
    23: "revoked",
}


@implementer(IOpenSSLClientConnectionCreator)
class _Lenient:
    """Connects whatever the certificate, and notes what verifying it would have said."""

    def __init__(self, hostname: str, found: Callable[[str], None]) -> None:
        self._hostname, self._found = hostname, found
        self._is_address = isIPAddress(hostname) or isIPv6Address(hostname)
        self._options = CertificateOptions(
            trustRoot=platformTrust(),  # type: ignore[no-untyped-call]
            insecurelyLowerMinimumTo=TLSVersion.TLSv1_0,
        )

    def clientConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """The connection for a handshake."""
        context = self._options.getContext()
        context.set_options(_LEGACY_SERVER)
        context.set_cipher_list(_ANY_CIPHERS)
        connection = SSL.Connection(context, None)
        if not self._is_address:
            connection.set_tlsext_host_name(self._hostname.encode("ascii"))
        problems: dict[str, None] = {}
        self._found(_verdict(problems))

        def look(connection: SSL.Connection, certificate: X509, error: int, depth: int, good: int) -> bool:
            if not good:
                problems[_MEANING.get(error, f"OpenSSL error {error}")] = None
            if depth == 0 and not self._is_ours(certificate):
                problems["another host's"] = None
            self._found(_verdict(problems))
            return True

        connection.set_verify(SSL.VERIFY_PEER, look)
        return connection

    def _is_ours(self, certificate: X509) -> bool:
        wanted: ServiceID = IPAddress_ID(self._hostname) if self._is_address else DNS_ID(self._hostname)
        try:
            verify_service_identity(extract_patterns(certificate), [wanted], [])
        except (VerificationError, CertificateError):
            return False
        return True


def _verdict(problems: dict[str, None]) -> str:
    return f"{UNVERIFIED}: {', '.join(problems)}" if problems else VERIFIED


@implementer(IPolicyForHTTPS)
class TlsPolicy:
    """Verifies, but for the hosts (as `pipelines.addresses.host_of` says them) whose certificates are known broken."""

    def __init__(self, broken: frozenset[str]) -> None:
        self._broken = broken
        self._verdicts: dict[str, str] = {}

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:
        """What makes connections to a host; Twisted asks for it."""
        name = hostname.decode("ascii")
        host = name.lower() if port == 443 else f"{name.lower()}:{port}"
        if host not in self._broken:
            return optionsForClientTLS(name)
        return _Lenient(name, lambda verdict: self._verdicts.__setitem__(host, verdict))

    def verdict(self, url: str) -> str | None:
        """What was found of the certificate when the host was last connected to; None without TLS."""
        if urlsplit(url).scheme != "https":
            return None
        return self._verdicts.get(host_of(url), VERIFIED)
