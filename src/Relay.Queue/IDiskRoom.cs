namespace Relay.Queue;

/// <summary>The room on the disk that whoever writes beside the queue must leave it.</summary>
public interface IDiskRoom
{
    /// <summary>Takes room for octets that are about to be written; false, and nothing taken, when there is none.</summary>
    bool TryTake(long octets);

    /// <summary>So many octets are written, or will not be.</summary>
    void Release(long octets);
}
