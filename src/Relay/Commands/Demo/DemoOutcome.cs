using System.Text.Json.Serialization;

namespace Relay.Commands.Demo;

/// <summary>What became of a message of the demo, weakest protection first.</summary>
internal enum DemoOutcome
{
    /// <summary>It was not settled in time.</summary>
    [JsonStringEnumMemberName("unsettled")]
    Unsettled = 0,

    /// <summary>Refused for good.</summary>
    [JsonStringEnumMemberName("bounced")]
    Bounced,

    /// <summary>It stays in the queue and is tried again.</summary>
    [JsonStringEnumMemberName("deferred")]
    Deferred,

    /// <summary>An MX took it without TLS.</summary>
    [JsonStringEnumMemberName("delivered-in-clear")]
    DeliveredInClear,

    /// <summary>An MX took it over TLS that proves nothing about who that MX is.</summary>
    [JsonStringEnumMemberName("delivered-unverified-tls")]
    DeliveredUnverified,

    /// <summary>The MX that was meant took it, and proved to be that.</summary>
    [JsonStringEnumMemberName("delivered-verified-tls")]
    DeliveredVerified,
}
