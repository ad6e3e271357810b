using Relay.Dns.Messages;

namespace Relay.Dns.Transport;

/// <summary>What came of asking one server once.</summary>
internal abstract record Exchange
{
    private Exchange()
    {
    }

    /// <summary>It answered; the code may still be a failure.</summary>
    public sealed record Answered(DnsMessage Message) : Exchange;

    /// <summary>It answered what breaks the format.</summary>
    public sealed record Malformed : Exchange;

    /// <summary>No answer in time, or no way to reach it.</summary>
    public sealed record Silent(string Reason) : Exchange;
}
