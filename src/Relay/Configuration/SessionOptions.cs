using Relay.Smtp.Server;

namespace Relay.Configuration;

/// <summary>How much of our time and patience one client's session may take; the section <c>Relay:Sessions</c>.</summary>
internal sealed class SessionOptions
{
    private static readonly SmtpServerOptions Defaults = new() { HostName = string.Empty };

    /// <summary>For one command line (RFC 5321 §4.5.3.2.7: at least 5 minutes).</summary>
    public TimeSpan CommandTimeout { get; init; } = Defaults.CommandTimeout;

    /// <summary>For a pause within a message, and for a client to take a reply (RFC 5321 §4.5.3.2.5: 3 minutes).</summary>
    public TimeSpan BlockTimeout { get; init; } = Defaults.BlockTimeout;

    /// <summary>For the TLS handshake.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = Defaults.HandshakeTimeout;

    /// <summary>For a session without a message; longer than <see cref="CommandTimeout"/>.</summary>
    public TimeSpan MaxTimeWithoutMessage { get; init; } = Defaults.MaxTimeWithoutMessage;

    /// <summary>For a message, however small.</summary>
    public TimeSpan ContentGrace { get; init; } = Defaults.ContentGrace;

    /// <summary>The rate at which a message must come in any stretch that is longer than its grace.</summary>
    public int MinOctetsPerSecond { get; init; } = Defaults.MinOctetsPerSecond;

    /// <summary>For a message, however steadily it comes.</summary>
    public TimeSpan MaxContentTime { get; init; } = Defaults.MaxContentTime;

    /// <summary>Commands between two messages, recipients that were taken not counted.</summary>
    public int MaxCommands { get; init; } = Defaults.MaxCommands;

    /// <summary>Commands refused for good between two messages.</summary>
    public int MaxErrors { get; init; } = Defaults.MaxErrors;

    /// <summary>Names what is out of range, by key.</summary>
    public IEnumerable<string> Faults()
    {
        (string Key, TimeSpan Value)[] times =
        [
            (nameof(CommandTimeout), CommandTimeout), (nameof(BlockTimeout), BlockTimeout),
            (nameof(HandshakeTimeout), HandshakeTimeout), (nameof(MaxTimeWithoutMessage), MaxTimeWithoutMessage),
            (nameof(ContentGrace), ContentGrace), (nameof(MaxContentTime), MaxContentTime),
        ];
        foreach (var (key, value) in times)
        {
            if (value < TimeSpan.FromSeconds(1) || value > TimeSpan.FromDays(1))
            {
                yield return $"Relay:Sessions:{key}: {value} is out of range; write 00:00:01 to 1.00:00:00";
            }
        }

        (string Key, int Value, int Least)[] counts =
        [
            (nameof(MinOctetsPerSecond), MinOctetsPerSecond, 1), (nameof(MaxCommands), MaxCommands, 10),
            (nameof(MaxErrors), MaxErrors, 1),
        ];
        foreach (var (key, value, least) in counts)
        {
            if (value < least)
            {
                yield return $"Relay:Sessions:{key}: {value} is too small; allow at least {least}";
            }
        }
    }
}
