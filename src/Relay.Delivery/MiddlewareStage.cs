namespace Relay.Delivery;

/// <summary>Where a middleware stands in the pipeline; the least is outermost.</summary>
public enum MiddlewareStage
{
    /// <summary>Sees everything that the others did, and changes nothing: reports, history.</summary>
    Report = 0,

    /// <summary>Knows what the destination demands: MTA-STS, DANE.</summary>
    Policy,

    /// <summary>Knows what the message itself demands.</summary>
    Message,
}
