using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Admin;
using Relay.Configuration;
using Relay.Delivery;
using Relay.Diagnosis;
using Relay.Dns;
using Relay.Logging;
using Relay.MtaSts;
using Relay.Queue;
using Relay.Queue.Bounces;
using Relay.Reception;
using Relay.ReportMail;
using Relay.Submission;
using Relay.TlsRpt;

namespace Relay.Hosting;

/// <summary>Puts the program together.</summary>
internal static class RelayApplication
{
    /// <summary>
    /// The plugins, each one line: the relay delivers without any of them. What they serve in the program (commands, the admin socket,
    /// report mail) is there where they are.
    /// </summary>
    public static IReadOnlyList<Action<IServiceCollection, IConfiguration>> Plugins { get; } =
    [
        (services, configuration) => services.AddMtaSts(configuration),
        (services, configuration) => services.AddReportMail().AddTlsRpt(configuration),
    ];

    // Longer than a commit and most deliveries, shorter than the 90 s after which systemd kills.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Builds the program from its settings; nothing is opened yet. Null when something is wrong with them, and then
    /// <paramref name="faults"/> says what.
    /// </summary>
    /// <param name="file">The configuration file.</param>
    /// <param name="settings">What the command line sets.</param>
    /// <param name="faults">Gets every fault, with key, value and remedy.</param>
    /// <param name="replace">Replaces services: a test's clock and log.</param>
    /// <param name="plugins">Null for <see cref="Plugins"/>.</param>
    public static WebApplication? Build(
        string file,
        IReadOnlyList<string> settings,
        List<string> faults,
        Action<IServiceCollection>? replace = null,
        IEnumerable<Action<IServiceCollection, IConfiguration>>? plugins = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "relay" });
        var sources = new ConfigurationBuilder();
        faults.AddRange(ConfigurationSources.AddTo(sources, file, settings));
        if (faults.Count > 0)
        {
            return null;
        }

        var configuration = sources.Build();
        AddServices(builder.Services, configuration, plugins ?? Plugins);
        faults.AddRange(SettingsCheck.CheckForm(builder.Services, configuration));
        if (faults.Count > 0)
        {
            return null;
        }

        builder.Configuration.AddConfiguration(configuration);
        replace?.Invoke(builder.Services);
        // Checked before the server is made, which reads its listeners at once: only options are resolved from this
        // provider.
        using (var services = builder.Services.BuildServiceProvider())
        {
            faults.AddRange(SettingsCheck.CheckValues(services));
        }

        if (faults.Count > 0)
        {
            return null;
        }

        builder.WebHost.UseKestrelCore();
        var application = builder.Build();
        application.MapAdmin();
        return application;
    }

    internal static void AddServices(
        IServiceCollection services, IConfiguration configuration, IEnumerable<Action<IServiceCollection, IConfiguration>> plugins)
    {
        services.AddSingleton(TimeProvider.System);
        services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        services.AddHostedService<LifetimeLog>();
        services.AddSystemdNotification();
        services.AddHostedService<ReloadOnHangup>();
        services.AddRelayLogging();
        services.AddSingleton<IValidateOptions<RelayOptions>, RelayOptionsValidator>();
        services.AddOptions<RelayOptions>().BindConfiguration(RelayOptions.Section).ValidateOnStart();
        services.AddSingleton(provider =>
            new DeliveryIdentity(provider.GetRequiredService<IOptions<RelayOptions>>().Value.HostName));
        services.AddSingleton(provider => Notifications(provider.GetRequiredService<IOptions<RelayOptions>>().Value));
        services.AddSingleton(provider => new QueueSettings(
            provider.GetRequiredService<IOptions<RelayOptions>>().Value.DataDirectory,
            provider.GetRequiredService<IOptions<DeliveryOptions>>().Value.MaxConcurrency,
            provider.GetRequiredService<IOptions<DeliveryOptions>>().Value.MaxPerSite));

        services.AddRelayDns();
        services.AddDelivery();
        services.AddMailQueue();

        // After the queue: what they send has somewhere to go from their start to their end.
        foreach (var plugin in plugins)
        {
            plugin(services, configuration);
        }

        services.AddDiagnosis();
        services.AddSubmission();
        services.AddReception();
        services.AddAdmin();
    }

    private static NotificationIdentity Notifications(RelayOptions options) => new(options.HostName, PostmasterAddress.From(options));

    // Tells systemd when mail is taken and when no more is. The package's own AddSystemd looks into /proc for its parent, which the
    // unit hides from the relay (ProtectProc=invisible); the socket in the environment says the same.
    private static void AddSystemdNotification(this IServiceCollection services)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not null)
        {
            services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
            services.AddSingleton<IHostLifetime, SystemdLifetime>();
        }
    }

    private static void AddRelayLogging(this IServiceCollection services)
    {
        services.AddOptions<LogOptions>().BindConfiguration(LogOptions.Section).ValidateOnStart();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton<ILoggerProvider, RelayLoggerProvider>();
        services.AddSingleton<IConfigureOptions<LoggerFilterOptions>>(provider =>
            new ConfigureOptions<LoggerFilterOptions>(filter => filter.AddFilter(
                "Relay", provider.GetRequiredService<IOptions<LogOptions>>().Value.Level)));
    }
}
