using System.Text;

namespace Relay.Lab.Mx;

/// <summary>What an MX host does instead of the ordinary thing.</summary>
public sealed record MxAction
{
    private MxAction()
    {
    }

    /// <summary>Closes the connection in order, after the reply if there is one.</summary>
    public static MxAction Close { get; } = new() { Closes = true };

    /// <summary>Resets the connection.</summary>
    public static MxAction Reset { get; } = new() { Resets = true };

    /// <summary>Neither reads nor writes until <see cref="LabMx.Release"/>, then does the ordinary thing.</summary>
    public static MxAction Stall { get; } = new() { Stalls = true };

    internal byte[]? Octets { get; private init; }

    internal bool Closes { get; private init; }

    internal bool Resets { get; private init; }

    internal bool Stalls { get; private init; }

    /// <summary>Replies with these lines, code included. The command counts as accepted when the first begins with 2
    /// (DATA: with 3).</summary>
    public static MxAction Reply(params string[] lines) => Raw(string.Concat(lines.Select(line => line + "\r\n")));

    /// <summary>As <see cref="Reply"/>, then closes.</summary>
    public static MxAction ReplyAndClose(params string[] lines) => Reply(lines) with { Closes = true };

    /// <summary>Waits for <see cref="LabMx.Release"/>, then replies as <see cref="Reply"/>.</summary>
    public static MxAction StallThenReply(params string[] lines) => Reply(lines) with { Stalls = true };

    /// <summary>Sends these octets (Latin-1) as they are: malformed replies.</summary>
    public static MxAction Raw(string octets) => new() { Octets = Encoding.Latin1.GetBytes(octets) };
}
