from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0003_project_control_share")]

    operations = [
        migrations.AlterField(
            model_name="project", name="strategy", field=models.CharField(default="auto", max_length=64)
        ),
    ]
