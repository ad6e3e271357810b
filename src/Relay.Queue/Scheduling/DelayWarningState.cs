namespace Relay.Queue.Scheduling;

/// <summary>How far it is with telling an entry's sender that the message waits.</summary>
internal enum DelayWarningState : byte
{
    /// <summary>It is not time yet.</summary>
    NotYet = 0,

    /// <summary>It is time; it is done as soon as there is a slot.</summary>
    Due,

    /// <summary>Done, in hand, or there is nobody to tell.</summary>
    Done,
}
