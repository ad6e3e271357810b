namespace Relay.Queue.Recovery;

/// <summary>Which table a row belongs to, told by its shape: where the file's own word for it is damaged there is no other.</summary>
internal enum RowKind
{
    /// <summary>None that is recovered: an index, a free page's rest, a chunk's note.</summary>
    Other = 0,

    /// <summary>A message.</summary>
    Message,

    /// <summary>A further piece of one.</summary>
    Chunk,

    /// <summary>A recipient.</summary>
    Recipient,

    /// <summary>The key of a TLS report.</summary>
    Report,

    /// <summary>A setting.</summary>
    Setting,
}
