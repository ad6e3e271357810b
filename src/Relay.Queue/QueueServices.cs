using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Relay.Delivery;
using Relay.Delivery.Routing;
using Relay.Queue.Bounces;
using Relay.Queue.Delivering;
using Relay.Queue.Storage;

namespace Relay.Queue;

/// <summary>The queue's registration.</summary>
public static class QueueServices
{
    /// <summary>
    /// Adds the queue as <see cref="IMailQueue"/> and as a hosted service. It needs <see cref="QueueSettings"/>,
    /// <see cref="IDeliveryPipeline"/> and <see cref="IRouter"/> and <see cref="NotificationIdentity"/>. Add it before the listeners: services stop in reverse
    /// order, and mail must have somewhere to go until the last session has ended.
    /// </summary>
    public static IServiceCollection AddMailQueue(this IServiceCollection services)
    {
        services.AddOptions<QueueOptions>().BindConfiguration(QueueOptions.Section).ValidateOnStart();
        services.AddOptions<StoreOptions>().BindConfiguration(StoreOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<QueueOptions>, QueueOptionsValidator>();
        services.AddSingleton<IValidateOptions<StoreOptions>, StoreOptionsValidator>();
        services.AddSingleton<NotificationMessage>();
        services.AddSingleton<Notifier>();
        services.AddSingleton<DeliveryRunner>();
        services.AddSingleton(provider => new OutcomeRecorder(
            provider.GetRequiredService<IOptions<QueueOptions>>().Value,
            provider.GetRequiredService<Notifier>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Microsoft.Extensions.Logging.ILogger<MailQueue>>())
        {
            ReportOutcomes = provider.GetService<IReportOutcomeListener>(),
        });
        services.AddSingleton(provider => new MailQueue(
            provider.GetRequiredService<IOptions<QueueOptions>>(),
            provider.GetRequiredService<QueueSettings>(),
            provider.GetRequiredService<DeliveryRunner>(),
            provider.GetRequiredService<OutcomeRecorder>(),
            provider.GetRequiredService<Microsoft.Extensions.Logging.ILogger<MailQueue>>()));
        services.AddSingleton<IMailQueue>(provider => provider.GetRequiredService<MailQueue>());
        services.AddSingleton<IDiskRoom>(provider => provider.GetRequiredService<MailQueue>());
        services.AddHostedService(provider => provider.GetRequiredService<MailQueue>());
        return services;
    }
}
