namespace Relay.Queue.Scheduling.Sites;

/// <summary>What can stand in the lines of <see cref="FairQueue{T}"/>, in one at a time.</summary>
internal interface IFairQueueMember
{
    /// <summary>Where it stands; only the queue changes it.</summary>
    FairQueuePlace Place { get; set; }
}
