namespace Relay.Delivery;

/// <summary>The ids of log events of this library; never reused, for operators alert on them.</summary>
public static class DeliveryEventIds
{
    /// <summary>A connection broke after the final dot: the message may have been taken.</summary>
    public const int Uncertain = 4001;

    /// <summary>A step of the pipeline threw or left recipients unsettled; they were deferred.</summary>
    public const int PipelineFault = 4002;

    /// <summary>A domain publishes a null MX beside other MX records.</summary>
    public const int NullMxBesideOthers = 4010;

    /// <summary>An MX record names something that cannot be a host.</summary>
    public const int MxNameUnusable = 4011;

    /// <summary>A connection was opened.</summary>
    public const int ConnectionOpened = 4020;

    /// <summary>A host could not be used; the next one is tried.</summary>
    public const int HostFailed = 4021;

    /// <summary>TLS with an MX host failed.</summary>
    public const int TlsFailed = 6001;
}
