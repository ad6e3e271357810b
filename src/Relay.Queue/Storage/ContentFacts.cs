namespace Relay.Queue.Storage;

/// <summary>What the message row says of the content.</summary>
/// <param name="Octets">Its whole length.</param>
/// <param name="IsEightBit">Some octet is above 127.</param>
/// <param name="Head">The first piece, all of a small message.</param>
internal sealed record ContentFacts(long Octets, bool IsEightBit, byte[] Head)
{
    /// <summary>
    /// The most octets that one row holds: bounds the memory that a big message takes on its way in and out.
    /// </summary>
    public const int PieceOctets = 256 * 1024;

    /// <summary>There are further pieces, in rows of their own.</summary>
    public bool IsStaged => Octets > Head.Length;
}
