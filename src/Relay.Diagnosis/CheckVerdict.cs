namespace Relay.Diagnosis;

/// <summary>What a sender that honours MTA-STS, and remembers nothing from before, would do with mail to the domain.</summary>
public enum CheckVerdict
{
    /// <summary>Deliver it, protected by the policy.</summary>
    Delivers = 0,

    /// <summary>Deliver it as if there were no policy.</summary>
    DeliversUnprotected,

    /// <summary>Hold it back: the policy forbids every host.</summary>
    Refuses,

    /// <summary>Not be able to deliver it, policy or not.</summary>
    Undeliverable,
}
