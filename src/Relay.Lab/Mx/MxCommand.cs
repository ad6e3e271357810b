namespace Relay.Lab.Mx;

/// <summary>A command line as it reached an MX host.</summary>
/// <param name="Line">The line in UTF-8, without CRLF.</param>
/// <param name="IsTls">It came inside TLS.</param>
/// <param name="OctetsBehind">How many octets had already arrived behind it: more than 0 inside a pipelined
/// group.</param>
public sealed record MxCommand(string Line, bool IsTls, int OctetsBehind)
{
    /// <summary>The first word in upper case.</summary>
    public string Verb { get; } = Line.Split(' ', ':')[0].ToUpperInvariant();
}
