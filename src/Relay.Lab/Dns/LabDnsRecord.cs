namespace Relay.Lab.Dns;

/// <summary>
/// A record of the lab's zone. Its data are <paramref name="Lead"/>, then <paramref name="Names"/> (which the encoder
/// compresses), then <paramref name="Tail"/>.
/// </summary>
internal sealed record LabDnsRecord(
    string Owner, LabDnsType Type, int TimeToLive, byte[] Lead, string[] Names, byte[] Tail);
