namespace Relay.Queue.Scheduling;

/// <summary>What can stand in the lines of <see cref="Lanes{T}"/>, in one at a time.</summary>
internal interface ILaneMember
{
    /// <summary>Where it stands; only the lanes change it.</summary>
    LanePlace Place { get; set; }
}
