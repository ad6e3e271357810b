namespace Relay.Lab.Dns;

/// <summary>What is wrong with a forged answer, which otherwise claims the address 203.0.113.66.</summary>
public enum LabDnsForgery
{
    /// <summary>The id is another one.</summary>
    WrongId,

    /// <summary>The question section names another name.</summary>
    WrongName,

    /// <summary>The question section names another type.</summary>
    WrongType,

    /// <summary>There is no question section.</summary>
    NoQuestion,

    /// <summary>It is a query, not an answer: QR is clear.</summary>
    NotAnAnswer,

    /// <summary>It comes from another port of the server's address.</summary>
    WrongPort,

    /// <summary>It comes from the server's port at another address; only for a server on 127.0.0.1.</summary>
    WrongAddress,
}
