namespace Relay.Delivery.Transport;

/// <summary>Whom a host has taken on a connection: what tells "too many recipients" from "not this recipient".</summary>
internal enum RecipientsTaken
{
    /// <summary>No recipient yet.</summary>
    None = 0,

    /// <summary>Some RCPT was accepted, in this transaction or an earlier one; this message was taken for none of them.</summary>
    WithAnother,

    /// <summary>This message was taken for some recipients of this transaction.</summary>
    WithThisMessage,
}
