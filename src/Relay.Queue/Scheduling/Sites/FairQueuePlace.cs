namespace Relay.Queue.Scheduling.Sites;

/// <summary>Where something stands in line; the default value for nowhere.</summary>
/// <param name="Ticket">Tells this place from those it had before; 0 for none.</param>
/// <param name="ServiceClass">Its class.</param>
internal readonly record struct FairQueuePlace(int Ticket, ServiceClass ServiceClass)
{
    /// <summary>It stands in a line.</summary>
    public bool IsTaken => Ticket != 0;
}
