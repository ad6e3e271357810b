using Relay.Lab.Mx;

namespace Relay.Delivery.Tests.Lab;

internal static class Outcomes
{
    /// <summary>The one message a host took; it is recorded a moment after its reply.</summary>
    public static async Task<MxMessage> SingleMessageAsync(this LabMx host) => Assert.Single(await host.MessagesAsync(1));

    public static Task<IReadOnlyList<MxMessage>> MessagesAsync(this LabMx host, int count) =>
        host.WaitForMessagesAsync(count, TestContext.Current.CancellationToken);

    public static DeliveryOutcome.Delivered AssertDelivered(this DeliveryAttempt attempt, int index = 0) =>
        Assert.IsType<DeliveryOutcome.Delivered>(attempt.Recipients[index].Outcome);

    public static DeliveryFailure AssertDeferred(this DeliveryAttempt attempt, string status, int index = 0)
    {
        var failure = Assert.IsType<DeliveryOutcome.Deferred>(attempt.Recipients[index].Outcome).Failure;
        Assert.Equal(status, failure.Status.ToString());
        return failure;
    }

    public static DeliveryFailure AssertBounced(this DeliveryAttempt attempt, string status, int index = 0)
    {
        var failure = Assert.IsType<DeliveryOutcome.Bounced>(attempt.Recipients[index].Outcome).Failure;
        Assert.Equal(status, failure.Status.ToString());
        return failure;
    }
}
