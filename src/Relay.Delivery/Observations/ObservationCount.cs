namespace Relay.Delivery.Observations;

/// <summary>What one observation adds to the totals of a report (RFC 8460 §4.2, §4.4).</summary>
public enum ObservationCount
{
    /// <summary>Nothing: a policy failure concerns no session, so it stands in the details only.</summary>
    DetailsOnly = 0,

    /// <summary>One successful session.</summary>
    Success,

    /// <summary>One failed session, whatever the number of its faults.</summary>
    Failure,
}
