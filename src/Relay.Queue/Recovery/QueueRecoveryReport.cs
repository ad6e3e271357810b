namespace Relay.Queue.Recovery;

/// <summary>What a recovery came to.</summary>
public sealed record QueueRecoveryReport
{
    /// <summary>Messages in the fresh store.</summary>
    public required long Messages { get; init; }

    /// <summary>Recipients in the fresh store, those held included.</summary>
    public required long Recipients { get; init; }

    /// <summary>Messages that lack a part of their content: their recipients are held.</summary>
    public IReadOnlyList<QueueId> Incomplete { get; init; } = [];

    /// <summary>Messages of which recipients alone are left: these are held.</summary>
    public IReadOnlyList<QueueId> WithoutContent { get; init; } = [];

    /// <summary>Messages whose recipients are lost: written to files.</summary>
    public IReadOnlyList<QueueId> WithoutRecipients { get; init; } = [];

    /// <summary>Recipients that may have been delivered long ago, for nothing tells free pages from used ones: these are held.</summary>
    public long Uncertain { get; init; }

    /// <summary>Where the damaged file lies now.</summary>
    public required string DamagedFile { get; init; }

    /// <summary>The write-ahead log does not begin as one, so that its first page is taken unproven.</summary>
    public bool IsLogDoubtful { get; init; }

    /// <summary>An earlier run had recovered all this and was cut short before it put the fresh store in its place.</summary>
    public bool WasDoneBefore { get; init; }
}
