namespace Relay.Smtp.Server;

/// <summary>
/// The pace at which a message must come. RFC 5321 §4.5.3.2.5, departure: the limit there is for each block, and a client that
/// sends an octet just before each ends would hold a session and its spool for ever. So its octets must come at the least rate in any
/// stretch that is longer than a grace, however many came before, and all of them within a time. Only what the client makes us wait counts.
/// </summary>
internal sealed class MinimumRate(SmtpServerOptions options, TimeProvider clock)
{
    private TimeSpan _credit = options.ContentGrace;
    private TimeSpan _waited;

    /// <summary>The time of the message is over.</summary>
    public bool IsOver => Left <= TimeSpan.Zero;

    private TimeSpan Left => Least(_credit, options.MaxContentTime - _waited);

    /// <summary>Reads from the wire for as long as block and message may take.</summary>
    public async ValueTask<ConnectionRead> ReadAsync(ServerConnection wire)
    {
        var left = Left;
        var isLess = left < options.BlockTimeout;
        var started = clock.GetTimestamp();
        var read = await wire.ReadAsync(isLess ? left : options.BlockTimeout, yields: false);
        Waited(clock.GetElapsedTime(started));
        return isLess && read.End == CloseReason.TimedOut ? read with { End = CloseReason.TooSlow } : read;
    }

    /// <summary>The client sent so many octets.</summary>
    public void Took(long octets) =>
        _credit = Least(options.ContentGrace, _credit + TimeSpan.FromSeconds((double)octets / options.MinOctetsPerSecond));

    /// <summary>The client made us wait so long, be it for the next chunk.</summary>
    public void Waited(TimeSpan time)
    {
        _credit -= time;
        _waited += time;
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
