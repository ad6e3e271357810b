namespace Relay.Dns.Messages;

/// <summary>
/// The response codes that change what we do (RFC 1035 §4.1.1); every other one is a failure like SERVFAIL.
/// </summary>
internal static class ResponseCode
{
    public const int NoError = 0;
    public const int FormatError = 1;
    public const int ServerFailure = 2;
    public const int NameError = 3;
    public const int NotImplemented = 4;
    public const int Refused = 5;

    /// <summary>The code by the name that operators know.</summary>
    public static string NameOf(int code) => code switch
    {
        NoError => "NOERROR",
        FormatError => "FORMERR",
        ServerFailure => "SERVFAIL",
        NameError => "NXDOMAIN",
        NotImplemented => "NOTIMP",
        Refused => "REFUSED",
        _ => $"RCODE {code}",
    };
}
