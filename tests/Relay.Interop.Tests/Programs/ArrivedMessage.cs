using System.Text;

namespace Relay.Interop.Tests.Programs;

/// <summary>A message as Postfix put it into a Maildir: trace fields of its own in front, line ends LF.</summary>
internal sealed class ArrivedMessage(byte[] octets)
{
    /// <summary>The file.</summary>
    public byte[] Octets => octets;

    /// <summary>The header, 8-bit octets as Latin-1, line ends LF.</summary>
    public string Header => Encoding.Latin1.GetString(octets.AsSpan(0, octets.AsSpan().IndexOf("\n\n"u8) + 1));

    /// <summary>Postfix delivered it to this address.</summary>
    public bool IsFor(string recipient) =>
        Header.Contains($"\nDelivered-To: {Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(recipient))}\n", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Checks that the message ends with exactly the octets sent, and that before them stand only fields which mail systems
    /// add on the way. Gives those Received fields, the latest first, unfolded.
    /// </summary>
    public IReadOnlyList<string> AssertUnchanged(byte[] sent)
    {
        var expected = Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(sent).Replace("\r\n", "\n", StringComparison.Ordinal));
        Assert.True(octets.AsSpan().EndsWith(expected), "The message was changed on its way. Header:\n" + Header);
        var added = Encoding.Latin1.GetString(octets.AsSpan(0, octets.Length - expected.Length));
        var fields = added.Replace("\n\t", " ", StringComparison.Ordinal).Replace("\n ", " ", StringComparison.Ordinal)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(fields, field => Assert.Contains(field.Split(':')[0], (string[])["Return-Path", "X-Original-To", "Delivered-To", "Received"]));
        return [.. fields.Where(field => field.StartsWith("Received:", StringComparison.Ordinal))];
    }
}
