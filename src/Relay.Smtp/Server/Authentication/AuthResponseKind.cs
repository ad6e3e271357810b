namespace Relay.Smtp.Server.Authentication;

/// <summary>What a client's line in an AUTH exchange is.</summary>
internal enum AuthResponseKind
{
    /// <summary>Not base64 (RFC 4954 §4: 501).</summary>
    NotBase64 = 0,

    /// <summary>A response.</summary>
    Decoded,

    /// <summary>The client cancels (RFC 4954 §4: 501).</summary>
    Cancelled,

    /// <summary>Longer than a line may be (RFC 4954 §6: 500 5.5.6).</summary>
    TooLong,
}
