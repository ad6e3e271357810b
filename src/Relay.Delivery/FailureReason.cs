namespace Relay.Delivery;

/// <summary>The closed set of words for why routing or transport did not deliver; plugins add their own.</summary>
internal static class FailureReason
{
    public const string BadDomain = "bad-domain";
    public const string NoSuchDomain = "no-such-domain";
    public const string NullMx = "null-mx";
    public const string MailLoop = "mail-loop";
    public const string NoUsableMx = "no-usable-mx";
    public const string DnsFailure = "dns-failure";
    public const string NoAddress = "no-address";
    public const string TargetRefused = "target-refused";
    public const string ConnectFailed = "connect-failed";
    public const string KnownUnreachable = "known-unreachable";
    public const string ConnectionLost = "connection-lost";
    public const string TimedOut = "timed-out";
    public const string ProtocolViolation = "protocol-violation";
    public const string ContentUnavailable = "content-unavailable";
    public const string Uncertain = "uncertain";
    public const string MxReply = "mx-reply";
    public const string StartTlsMissing = "starttls-missing";
    public const string StartTlsRefused = "starttls-refused";
    public const string HandshakeFailed = "handshake-failed";
    public const string PlaintextInjected = "plaintext-injected";
    public const string AuthFailed = "auth-failed";
    public const string CertificateInvalid = "certificate-invalid";
    public const string TlsDemanded = "tls-demanded";
    public const string MessageTooLarge = "message-too-large";
    public const string NoEightBitMime = "no-8bitmime";
    public const string NoSmtpUtf8 = "no-smtputf8";
    public const string TooManyConnections = "too-many-connections";
    public const string InternalError = "internal-error";
}
